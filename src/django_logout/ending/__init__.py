"""The one door through which every session ends."""
