"""May this request be served with the session that it presents?"""
