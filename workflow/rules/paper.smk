rule paper:
    input:
        sources=paper_sources(),
        drawn=drawn(),
        numbers="<results>/generated/numbers.tex",
        origin="<results>/generated/origin.tex",
    output:
        "<results>/paper.pdf",
    log:
        "<logs>/paper.log",
    benchmark:
        "<benchmarks>/paper.tsv"
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        scale=CONFIG.scale,
        code=CODE["paper"],
    message:
        "Compile the paper"
    shell:
        "python -m robustpath paper --scale {params.scale} --paper paper --generated $(dirname {input.numbers}) --out {output}"
        " > {log} 2>&1"
