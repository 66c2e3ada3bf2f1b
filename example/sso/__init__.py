"""Single logout to try: the car site as an OpenID provider, and two small sites that log in at it."""
