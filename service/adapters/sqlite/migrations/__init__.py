"""The schema's revisions, oldest first: r0001, r0002, … One that was released is never changed."""
