# QuotaFlow in a container: what is locked for running, nobody's password, nothing that writes outside /data.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

COPY requirements.lock requirements-run.lock ./
RUN python -m venv --without-pip /opt/quotaflow \
 && pip --python /opt/quotaflow/bin/python install --only-binary :all: --require-hashes --requirement requirements-run.lock
# Our own wheel is built by the setuptools that is locked for development, which stays behind in this stage.
RUN sed -n '/^setuptools==/,/# via/p' requirements.lock > setuptools.lock \
 && pip install --only-binary :all: --require-hashes --requirement setuptools.lock

COPY pyproject.toml README.md ./
COPY agents/ agents/
COPY streams/ streams/
COPY quota/ quota/
COPY schemas/ schemas/
RUN pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
 && pip --python /opt/quotaflow/bin/python install --no-deps --no-index wheels/quotaflow-*.whl


FROM python:3.11-slim
ENV PATH=/opt/quotaflow/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp
COPY --from=build /opt/quotaflow /opt/quotaflow
COPY deploy/examples/ /app/deploy/examples/
# The one place to write to: an embedded log, for whoever mounts a volume here and names no broker.
RUN install --directory --owner 10001 --group 10001 /data
WORKDIR /data
USER 10001:10001
EXPOSE 8080 8090
ENTRYPOINT ["quotaflow"]
CMD ["--help"]
