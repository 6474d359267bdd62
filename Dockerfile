# The portal for production. Web, worker, beat and migrations are the same image with another command.

FROM node:22-slim AS frontend
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install -r requirements.txt
WORKDIR /app
COPY . .
COPY --from=frontend /src/node_modules node_modules
# Static files need no secret and no server: production is switched on only in the last stage.
RUN /opt/venv/bin/python -m tools.frontend --copy-only \
 && /opt/venv/bin/python manage.py collectstatic --noinput \
 && rm -rf node_modules build/vendor

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin portal
COPY --from=build /opt/venv /opt/venv
# The code belongs to root: the portal cannot change itself.
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    PRODUCTION=true DATA_DIR=/tmp/portal PORT=8000
USER portal
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s --retries=3 CMD ["python", "-m", "tools.health"]
CMD ["sh", "-c", "exec gunicorn batosocial.wsgi --preload --bind 0.0.0.0:$PORT --worker-class gthread --workers ${WEB_WORKERS:-3} --threads ${WEB_THREADS:-4} --timeout 60 --graceful-timeout 20 --worker-tmp-dir /dev/shm --no-control-socket --access-logfile -"]
