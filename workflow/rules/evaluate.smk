rule evaluate:
    input:
        data=evaluated_data,
        weights=trained(".safetensors"),
        runs=trained(".parquet"),
    output:
        scores="<results>/evaluate/{experiment}/{dataset}.parquet",
    log:
        "<logs>/evaluate/{experiment}/{dataset}.log",
    benchmark:
        "<benchmarks>/evaluate/{experiment}/{dataset}.tsv"
    priority: USUAL
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=memory_of(4000),
        runtime=30,
        gpu=0,
    params:
        settings=evaluate_settings,
        code=evaluate_code,
        data=named_data,
        expected=trained_keys,
    message:
        "Evaluate all methods of {wildcards.experiment} on {wildcards.dataset} ({threads} CPU, {resources.gpu} GPU)"
    shell:
        "python -m robustpath evaluate --settings {params.settings:q} --data {params.data} --weights {input.weights}"
        " --runs {input.runs} --keys {params.expected} --scores {output.scores} --threads {threads} > {log} 2>&1"


rule collate:
    input:
        scores=scores(),
        on_the_way=on_the_way(),
        seconds=seconds(),
    output:
        records="<results>/records.parquet",
        seconds="<results>/seconds.parquet",
    log:
        "<logs>/collate.log",
    benchmark:
        "<benchmarks>/collate.tsv"
    priority: AWAITED
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=CODE["collate"],
    message:
        "Collate the records"
    shell:
        "python -m robustpath collate --scores {input.scores} {input.on_the_way} --seconds {input.seconds}"
        " --records {output.records} --seconds-out {output.seconds} > {log} 2>&1"
