rule printed:
    input:
        rules.paper.input,
        rules.claims.output if CONFIG.start != "text" else [],
    localrule: True
    message:
        "All that the paper prints is made"


rule verify:
    input:
        checked(verified),
    log:
        "<logs>/verify.log",
    localrule: True
    conda:
        ENVIRONMENT
    threads: 64
    resources:
        mem_mb=4000,
        runtime=600,
    params:
        scale=CONFIG.scale,
        options=" ".join(f"--{name} {value}" for name, value in CONFIG.verify.model_dump().items()),
        certificate=CERTIFICATE,
    message:
        "Verify what is published of the scale {params.scale}"
    shell:
        "python -m robustpath verify --scale {params.scale} {params.options} --threads {threads}"
        " --certificate {params.certificate} 2>&1 | tee {log}"
