# Two images, without a compiler, for a user without privileges and a read-only root:
#
#   docker build --target tap .       the tap alone
#   docker build --target meltano .   Meltano, the tap, target-postgres and dbt, for orchestration/kubernetes/cronjob.yaml
#
# Packages are those of requirements/*.txt, checked by hash. BASE needs `python3` of 3.10 or later with venv.
ARG BASE=docker.io/library/python:3.13-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285

FROM ${BASE} AS tap-environment
COPY requirements/build.txt requirements/tap.txt /requirements/
RUN python3 -m venv /opt/build \
    && /opt/build/bin/python -m pip install --no-cache-dir --only-binary :all: --require-hashes -r /requirements/build.txt \
    && python3 -m venv /opt/tap \
    && /opt/tap/bin/python -m pip install --no-cache-dir --only-binary :all: --require-hashes -r /requirements/tap.txt
COPY LICENSE README.md pyproject.toml /source/
COPY schemas /source/schemas
COPY tap_ayrshare /source/tap_ayrshare
RUN /opt/build/bin/python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels /source \
    && /opt/tap/bin/python -m pip install --no-cache-dir --no-deps --no-index /wheels/*.whl \
    && /opt/tap/bin/python -m pip uninstall --yes pip

FROM ${BASE} AS meltano-environment
COPY requirements/meltano.txt requirements/target-postgres.txt requirements/dbt-postgres.txt /requirements/
RUN python3 -m venv /opt/meltano \
    && /opt/meltano/bin/python -m pip install --no-cache-dir --only-binary :all: --require-hashes -r /requirements/meltano.txt
RUN for plugin in loaders/target-postgres utilities/dbt-postgres; do \
        place=/project/.meltano/$plugin/venv \
        && python3 -m venv $place \
        && $place/bin/python -m pip install --no-cache-dir --only-binary :all: --require-hashes \
            -r /requirements/${plugin#*/}.txt \
        && $place/bin/python -m pip uninstall --yes pip || exit 1; \
    done \
    && mkdir -p /project/.meltano/extractors/tap-ayrshare /scratch \
    && ln -s /opt/tap /project/.meltano/extractors/tap-ayrshare/venv

FROM ${BASE} AS tap
ARG REVISION=unknown
LABEL org.opencontainers.image.title="tap-ayrshare" \
    org.opencontainers.image.description="Singer tap for Ayrshare" \
    org.opencontainers.image.version="0.1.0" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.licenses="Apache-2.0"
COPY --from=tap-environment /opt/tap /opt/tap
ENV PATH=/opt/tap/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["tap-ayrshare"]

FROM tap AS meltano
LABEL org.opencontainers.image.title="tap-ayrshare with Meltano" \
    org.opencontainers.image.description="Meltano, tap-ayrshare, target-postgres and dbt"
COPY --from=meltano-environment /opt/meltano /opt/meltano
COPY --from=meltano-environment /project /project
COPY --from=meltano-environment --chown=10001:10001 /scratch /scratch
COPY meltano.yml orchestration/ayrshare_shard.py /project/
COPY dbt /project/dbt
# Plugins are installed above; what Meltano and dbt write goes to /scratch.
ENV PATH=/opt/meltano/bin:$PATH \
    AYRSHARE_PROJECT=/project \
    AYRSHARE_WORK=/scratch \
    AYRSHARE_SHARDS=1 \
    DBT_LOG_PATH=/scratch/dbt \
    DBT_TARGET_PATH=/scratch/dbt \
    MELTANO_CLI_DISABLE_VERSION_CHECK=true \
    MELTANO_PROJECT_READONLY=true
WORKDIR /project
ENTRYPOINT []
CMD ["python3", "ayrshare_shard.py", "shard-1-of-1"]
