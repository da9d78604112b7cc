# The service in an image: `docker build -t consent-service .`. docs/operator.md tells how to run it.

FROM python:3.11-slim-bookworm AS build
WORKDIR /source
COPY pyproject.toml README.md ./
COPY generated ./generated
COPY server ./server
# Every dependency comes as a wheel: there is no compiler here, and none is asked for. What runs has no pip.
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && python -m venv --without-pip /opt/consent \
    && pip --python /opt/consent/bin/python install --no-cache-dir --only-binary :all: /wheels/*.whl

FROM python:3.11-slim-bookworm
# The ids are fixed, so that a volume's owner stays the same from image to image.
RUN groupadd --gid 10001 consent \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin consent \
    && install --directory --owner consent --group consent --mode 0700 /data
COPY --from=build /opt/consent /opt/consent
ENV PATH=/opt/consent/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CONSENT_DATABASE=sqlite:////data/consent.db \
    CONSENT_GRPC=0.0.0.0:50051 \
    CONSENT_HTTP=0.0.0.0:8080 \
    CONSENT_ADMIN=0.0.0.0:9464 \
    CONSENT_LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 50051 8080 9464
STOPSIGNAL SIGTERM
# Of exit codes only 0 and 1 mean something to who asks here.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["sh", "-c", "consent health || exit 1"]
ENTRYPOINT ["consent"]
CMD ["serve"]
