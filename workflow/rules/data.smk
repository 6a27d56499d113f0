rule prepare:
    output:
        data="<results>/data/{dataset}.safetensors",
        card="<results>/data/{dataset}.json",
    log:
        "<logs>/prepare/{dataset}.log",
    benchmark:
        "<benchmarks>/prepare/{dataset}.tsv"
    priority: LONG
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory_of(2000),
        runtime=time_to_prepare,
    params:
        settings=prepare_settings,
        code=prepare_code,
    message:
        "Prepare {wildcards.dataset}"
    shell:
        "python -m robustpath prepare --settings {params.settings:q} --out {output.data} --card {output.card} > {log} 2>&1"
