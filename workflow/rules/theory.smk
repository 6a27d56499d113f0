rule theory:
    output:
        "<results>/theory/{case}.parquet",
    log:
        "<logs>/theory/{case}.log",
    benchmark:
        "<benchmarks>/theory/{case}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=case_settings,
        code=theory_code,
    message:
        "Run the theory case {wildcards.case}"
    shell:
        "python -m robustpath theory --settings {params.settings:q} --out {output} --threads {threads} > {log} 2>&1"
