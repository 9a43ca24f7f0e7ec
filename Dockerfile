# Targets: api (no PyTorch) and trainer.
#
#     docker build --target api --tag isobudget-api .
#     docker build --target trainer --tag isobudget-trainer .
#
# What pip installs from is pip's to say: --build-arg PIP_INDEX_URL, --build-arg PIP_EXTRA_INDEX_URL.
# Give the trainer an index that has the CPU builds of PyTorch (see README.md), or the image gets
# gigabytes of CUDA packages.

# Debian 12: its client programs are those of PostgreSQL 15, the server in docker-compose.yml.
FROM python:3.11-slim-bookworm AS base
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/*
# The default places of the settings are below these; volumes take their owner from here.
ENV XDG_DATA_HOME=/var/lib XDG_CACHE_HOME=/var/cache PYTHONUNBUFFERED=1 PATH=/opt/isobudget/bin:$PATH
RUN useradd --system --uid 10001 --user-group --create-home isobudget \
    && install --directory --owner isobudget --group isobudget \
        /var/cache/isobudget /var/lib/isobudget \
        /var/lib/isobudget/datasets /var/lib/isobudget/checkpoints
WORKDIR /home/isobudget

FROM base AS build-api
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /source
COPY pyproject.toml setup.py constraints.txt README.md LICENSE ./
COPY solver solver
COPY app app
COPY trainer trainer
COPY migrations migrations
COPY examples examples
RUN python -m venv /opt/isobudget \
    && /opt/isobudget/bin/pip install --constraint constraints.txt ".[postgres]"

FROM build-api AS build-trainer
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
RUN /opt/isobudget/bin/pip install --constraint constraints.txt ".[postgres,trainer]"

FROM base AS api
COPY --from=build-api /opt/isobudget /opt/isobudget
USER isobudget
EXPOSE 8000
ENTRYPOINT ["isobudget"]
CMD ["serve", "--host", "0.0.0.0"]

FROM base AS trainer
COPY --from=build-trainer /opt/isobudget /opt/isobudget
USER isobudget
ENTRYPOINT ["isobudget"]
CMD ["work"]
