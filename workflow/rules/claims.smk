rule claims:
    input:
        records="<results>/records.parquet",
        claims=CLAIMS,
        contrasts=list(CONTRAST_FILES),
    output:
        "<results>/claims.json",
    log:
        "<logs>/claims.log",
    benchmark:
        "<benchmarks>/claims.tsv"
    priority: AWAITED
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=10,
    params:
        settings=as_json(study.claims_settings(CONFIG)),
        code=fingerprint("robustpath.claims.judge"),
    message:
        "Judge the hypotheses"
    shell:
        "python -m robustpath claims --records {input.records} --claims {input.claims} --contrasts {input.contrasts}"
        " --settings {params.settings:q} --out {output} > {log} 2>&1"


rule calibrate:
    input:
        records="<results>/records.parquet",
        claims=CLAIMS,
    output:
        "<results>/calibration.parquet",
    log:
        "<logs>/calibrate.log",
    benchmark:
        "<benchmarks>/calibrate.tsv"
    priority: AWAITED
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=4000,
        runtime=20,
    params:
        settings=as_json(study.calibrate_settings(CONFIG)),
        code=fingerprint("robustpath.claims.verdict_errors"),
    message:
        "Judge simulated claims"
    shell:
        "python -m robustpath calibrate --records {input.records} --claims {input.claims} --settings {params.settings:q}"
        " --out {output} > {log} 2>&1"
