"""What a phone must stand for months, in an hour: many calls, a long one, lost servers, sudden ends."""
