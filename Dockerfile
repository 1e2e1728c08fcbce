# Two stages: what builds stays behind. The image runs as nobody in particular, on a read-only root.
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements/run.txt requirements/image.txt requirements/
RUN python -m venv /opt/pganomaly && python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt \
 && /opt/pganomaly/bin/pip install --no-cache-dir --require-hashes -r requirements/image.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/build/bin/python -m hatchling build -t wheel -d /tmp/wheel \
 && /opt/pganomaly/bin/pip install --no-cache-dir --no-deps /tmp/wheel/*.whl

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/pganomaly --create-home pganomaly
COPY --from=build /opt/pganomaly /opt/pganomaly
COPY --chown=root:root scripts /opt/pganomaly/scripts
ENV PATH=/opt/pganomaly/bin:$PATH PYTHONUNBUFFERED=1 MODEL_FILE=/var/lib/pganomaly/model_baseline_v1
USER 10001
WORKDIR /var/lib/pganomaly
VOLUME /var/lib/pganomaly
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=10s --start-period=60s CMD ["pganomaly", "health"]
ENTRYPOINT ["pganomaly"]
CMD ["run"]
