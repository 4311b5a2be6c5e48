"""Teacher and student networks, their files, and their ONNX graphs."""
