rule unpack:
    input:
        checked(published_files),
    output:
        checked(unpacked),
    log:
        "<logs>/unpack.log",
    benchmark:
        "<benchmarks>/unpack.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        published=PUBLISHED,
        start=CONFIG.start,
        results=RESULTS,
    message:
        "Unpack the published {params.start}"
    shell:
        "python -m robustpath unpack --published {params.published} --start {params.start} --results {params.results}"
        " > {log} 2>&1"
