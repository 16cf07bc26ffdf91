"""The company service: accounts, appointments, invitations, lobby, admission, chat and the media engine."""
