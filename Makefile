.PHONY: help run test check bench lock
help:            ## what there is
	@python3 dev.py
run test check lock:
	@python3 dev.py $@
bench:
	@python3 dev.py bench record
