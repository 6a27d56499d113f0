rule trace:
    input:
        data="<results>/data/{dataset}.safetensors",
        paths=trained(".path.safetensors"),
        runs=trained(".parquet"),
    output:
        moments="<results>/trace/{experiment}/{dataset}.parquet",
        surfaces="<results>/trace/{experiment}/{dataset}.npz",
    log:
        "<logs>/trace/{experiment}/{dataset}.log",
    benchmark:
        "<benchmarks>/trace/{experiment}/{dataset}.tsv"
    priority: USUAL
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory_of(2000),
        runtime=30,
        gpu=0,
    params:
        settings=trace_settings,
        code=trace_code,
        expected=trained_keys,
    message:
        "Trace the runs of {wildcards.experiment} on {wildcards.dataset} ({threads} CPU, {resources.gpu} GPU)"
    shell:
        "python -m robustpath trace --settings {params.settings:q} --data {input.data} --paths {input.paths}"
        " --runs {input.runs} --keys {params.expected} --out {output.moments} --surfaces {output.surfaces} --threads {threads} > {log} 2>&1"
