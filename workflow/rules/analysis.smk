for name, entry in MANIFEST.items():

    rule:
        name:
            name
        input:
            notebook=f"notebooks/{name}.py",
            records="<results>/records.parquet",
            beside=[file for files in beside_records(entry).values() for file in files],
        output:
            out=f"<results>/generated/{name}.{SUFFIX[entry['kind']]}",
            caption=f"<results>/generated/{name}.caption.tex",
        log:
            text=f"<logs>/notebooks/{name}.log",
            notebook=f"<logs>/notebooks/{name}.ipynb",
        benchmark:
            f"<benchmarks>/notebooks/{name}.tsv"
        localrule: True
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=2000,
            runtime=10,
        params:
            settings=as_json(study.figure_settings(REPORT, entry)),
            entry=as_json(entry),
            beside=(f"--inputs {' '.join(named_inputs(entry))}" if named_inputs(entry) else ""),
            code=CODE["notebook"][name],
        message:
            f"Draw the {entry['kind']} {name}"
        shell:
            "python -m robustpath notebook {input.notebook} --records {input.records} {params.beside}"
            " --settings {params.settings:q} --out {output.out} --caption {output.caption} --executed {log.notebook} > {log.text} 2>&1"


rule numbers:
    input:
        records="<results>/records.parquet",
        claims="<results>/claims.json",
        calibration="<results>/calibration.parquet",
    output:
        "<results>/generated/numbers.tex",
    log:
        "<logs>/numbers.log",
    benchmark:
        "<benchmarks>/numbers.tsv"
    priority: AWAITED
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        settings=as_json(study.numbers_settings(CONFIG)),
        methods=list(names()),  # each has its numbers, also one that no experiment uses
        code=CODE["numbers"],
    message:
        "Write the numbers of the text"
    shell:
        "python -m robustpath numbers --records {input.records} --claims {input.claims}"
        " --calibration {input.calibration} --settings {params.settings:q} --out {output} > {log} 2>&1"


rule origin:
    input:
        numbers="<results>/generated/numbers.tex",
        sources=paper_sources(),
    output:
        "<results>/generated/origin.tex",
    log:
        "<logs>/origin.log",
    benchmark:
        "<benchmarks>/origin.tsv"
    priority: AWAITED
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        scale=CONFIG.scale,
        experiments=as_json(REPORT["experiments"]),
        manifest=as_json(MANIFEST),
        commit=SOURCE.changed,
        edits=len(SOURCE.edits),
        code=fingerprint("robustpath.publication.origin_page"),
    message:
        "Write how each number was made"
    shell:
        "python -m robustpath origin_page --scale {params.scale} --numbers {input.numbers} --paper paper"
        " --commit {params.commit} --edits {params.edits} --out {output} > {log} 2>&1"
