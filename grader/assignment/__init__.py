"""An assignment as data: its files, exercises, stimuli and digests."""
