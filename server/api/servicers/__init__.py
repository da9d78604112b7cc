"""The methods behind the chain, a class a subject: each method takes the call and the request, and answers."""
