"""Reading from a Label Studio: where it may be, what it is asked, and the secret by which its webhooks are known."""
