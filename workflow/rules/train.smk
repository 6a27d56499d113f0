rule train:
    input:
        data="<results>/data/{dataset}.safetensors",
        parent=parent,
    output:
        weights="<results>/train/{experiment}/{dataset}/{method}.safetensors",
        path="<results>/train/{experiment}/{dataset}/{method}.path.safetensors",
        runs="<results>/train/{experiment}/{dataset}/{method}.parquet",
        seconds="<results>/train/{experiment}/{dataset}/{method}.seconds.parquet",
        scores="<results>/train/{experiment}/{dataset}/{method}.scores.parquet",
    log:
        "<logs>/train/{experiment}/{dataset}/{method}.log",
    benchmark:
        "<benchmarks>/train/{experiment}/{dataset}/{method}.tsv"
    priority: USUAL
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory_of(2000),
        runtime=60,
        gpu=0,
    params:
        settings=train_settings,
        code=train_code,
        parent=parent_option,
    message:
        "Train {wildcards.method} on {wildcards.dataset} for {wildcards.experiment} ({threads} CPU, {resources.gpu} GPU)"
    shell:
        # exec: a signal to the job reaches the program, not a shell above it, and the job lasts until it has saved.
        "exec python -m robustpath train --settings {params.settings:q} --data {input.data} --weights {output.weights}"
        " --path {output.path} --runs {output.runs} --seconds {output.seconds} --scores {output.scores} {params.parent}"
        " --threads {threads} > {log} 2>&1"
