"""What leaves the building when something happens: where it may go, how it is signed, and sending it."""
