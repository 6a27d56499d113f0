rule picture:
    input:
        drawn=picture_of,
        sources=paper_sources(),
        numbers="<results>/generated/numbers.tex",
    output:
        report(
            "<results>/pictures/{name}.png",
            caption="../report/result.rst",
            category=category,
            labels=report_labels,
        ),
    log:
        "<logs>/pictures/{name}.log",
    benchmark:
        "<benchmarks>/pictures/{name}.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        question=lambda wildcards: restructured(MANIFEST[wildcards.name]["question"]),
        shows=lambda wildcards: restructured(MANIFEST[wildcards.name]["shows"]),
        notebook=lambda wildcards: f"notebooks/{wildcards.name}.py",
        code=CODE["picture"],
    message:
        "Picture {wildcards.name} for the report"
    shell:
        "python -m robustpath picture --result {input.drawn} --paper paper --out {output} > {log} 2>&1"


rule pictures:
    input:
        [f"<results>/pictures/{name}.png" for name in MANIFEST],
    localrule: True
    message:
        "All pictures of the report are drawn"
