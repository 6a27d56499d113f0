rule measure:
    input:
        data=evaluated_data,
        weights=trained(".safetensors"),
        paths=trained(".path.safetensors"),
        runs=trained(".parquet"),
    output:
        "<results>/measure/{experiment}/{dataset}.parquet",
    log:
        "<logs>/measure/{experiment}/{dataset}.log",
    benchmark:
        "<benchmarks>/measure/{experiment}/{dataset}.tsv"
    priority: LONG
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=3000,
        runtime=60,
        gpu=0,
    params:
        settings=measure_settings,
        code=CODE["measure"],
        data=named_data,
        expected=trained_keys,
    message:
        "Measure the minima of {wildcards.experiment} on {wildcards.dataset} ({threads} CPU, {resources.gpu} GPU)"
    shell:
        "python -m robustpath measure --settings {params.settings:q} --data {params.data} --weights {input.weights}"
        " --paths {input.paths} --runs {input.runs} --keys {params.expected} --out {output} --threads {threads} > {log} 2>&1"
