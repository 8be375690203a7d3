# Stage 1 makes the wheel and an environment with it; stage 2 is that environment and nothing else.
FROM python:3.11-slim AS build
RUN pip install --no-cache-dir uv
WORKDIR /src
COPY . .
# The wheel says what it needs, the lock in which version; tools and embedded engines stay outside.
RUN uv venv -q /opt/stoa \
 && uv build -q --wheel --out-dir /dist \
 && uv pip install -q --python /opt/stoa --constraint requirements.lock /dist/*.whl

FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends tzdata media-types && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/stoa --create-home stoa
COPY --from=build /opt/stoa /opt/stoa
ENV PATH=/opt/stoa/bin:$PATH STOA_ENVIRONMENT=production STOA_FILES=/var/lib/stoa/files PYTHONUNBUFFERED=1
USER stoa
VOLUME /var/lib/stoa
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["stoa", "serve", "--port", "8000"]
