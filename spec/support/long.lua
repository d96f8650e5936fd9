--- Is this a run of make test-long, whose specs take the full counts? True or false.
return (os.getenv("MOONTAP_LONG") or "") ~= ""
