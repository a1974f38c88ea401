"""The demo corpus: invented subjects and labels with motion that is known exactly."""
