"""Processes that open the files of strangers: any of them may hang, grow or die, and we live on."""
