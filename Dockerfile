# One image for Prefect's server, its workers and the service: compose.yaml.
FROM node:22-slim AS page
WORKDIR /horarium/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM python:3.12-slim
WORKDIR /horarium
COPY . .
COPY --from=page /horarium/tracking/service/static tracking/service/static
RUN pip install --no-cache-dir --constraint constraints.txt '.[dask,cluster]' \
    && useradd --create-home horarium \
    && install --directory --owner horarium /data
USER horarium
WORKDIR /home/horarium
# Compiled once, and not in each worker's first run; for the kind of processor that builds this.
RUN horarium warmup
ENV HORARIUM_DATA_FOLDER=/data \
    PREFECT_LOCAL_STORAGE_PATH=/data/results \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    PYTHONUNBUFFERED=1
VOLUME /data
