# Two stages: the first builds the wheel, the second installs it. No build tool is shipped.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /source
RUN python -m venv /build \
 && /build/bin/python -m pip install --no-cache-dir --disable-pip-version-check "build>=1.2,<2"
COPY pyproject.toml README.md CHANGELOG.md LICENSE config.yaml ./
COPY bot bot
COPY events events
COPY templates templates
RUN /build/bin/python -m build --wheel --outdir /wheels

FROM python:${PYTHON}-slim
# Extras of the package to install, separated by commas; empty for none.
ARG EXTRAS=""
COPY --from=build /wheels /wheels
RUN python -m venv /opt/thisday \
 && set -- /wheels/*.whl \
 && /opt/thisday/bin/python -m pip install --no-cache-dir --disable-pip-version-check "$1${EXTRAS:+[$EXTRAS]}" \
 && /opt/thisday/bin/python -m pip uninstall --quiet --yes --disable-pip-version-check pip \
 && useradd --uid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin thisday \
 && install --directory --owner=thisday --group=thisday /config /data

LABEL org.opencontainers.image.title=thisday \
      org.opencontainers.image.licenses=MIT
ENV PATH=/opt/thisday/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    THISDAY_CONFIG=/config/config.yaml
USER thisday
WORKDIR /data
VOLUME ["/config", "/data"]
HEALTHCHECK --interval=1m --timeout=30s --start-period=1m --retries=3 CMD ["thisday", "check", "--running"]
ENTRYPOINT ["thisday"]
CMD ["run"]
