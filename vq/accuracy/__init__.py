"""How well the champion's scores agree with people's ratings of videos that came in after it."""
