"""What a challenger makes of the videos that the champion has scored lately."""
