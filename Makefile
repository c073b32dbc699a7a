.PHONY: help run test quick check bench lock screenshots
help:            ## what there is
	@python3 dev.py
run test quick check lock screenshots:
	@python3 dev.py $@
bench:
	@python3 dev.py bench record
