"""Payment methods: the cards and mandates a tenant has, and which of them is charged."""
