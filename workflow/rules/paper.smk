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
        ENVIRONMENT
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
        "python -m robustpath paper --scale {params.scale} --paper paper --generated $(dirname {input.numbers})"
        " --printed {input.drawn} {input.numbers} {input.origin} --out {output} > {log} 2>&1"


rule arxiv:
    input:
        pdf="<results>/paper.pdf",
        sources=paper_sources(),
        drawn=drawn(),
        numbers="<results>/generated/numbers.tex",
    output:
        "<results>/arxiv.tar.gz",
    log:
        "<logs>/arxiv.log",
    benchmark:
        "<benchmarks>/arxiv.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=CODE["arxiv"],
    message:
        "Pack the paper's sources for arXiv"
    shell:
        "python -m robustpath arxiv --pdf {input.pdf} --paper paper --generated $(dirname {input.numbers})"
        " --printed {input.drawn} {input.numbers} --out {output} > {log} 2>&1"
