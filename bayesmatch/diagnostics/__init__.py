"""What a match is worth: judged by known answers, and by positions that belong to nothing."""
