# A transcript of what `make build` and `make install` do, in two stages.
FROM swift:6.3-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends make python3 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY deploy/packages.txt deploy/install-packages.sh deploy/
RUN deploy/install-packages.sh deploy/packages.txt
COPY . .
RUN make install DESTDIR=/out

FROM swift:6.3-bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
        libopenblas0-pthread libssl3 zlib1g libsqlite3-0 libdnnl2 libjpeg62-turbo libpng16-16 \
        libwebp7 libwebpdemux2 libtiff6 libgif7 libcairo2 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin vitscope \
    && install -d -o vitscope -g vitscope -m 700 /data /secret
COPY --from=build /out/usr/local /usr/local
USER 10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s CMD ["vitscope", "health"]
ENTRYPOINT ["vitscope"]
CMD ["serve", "--demo", "--data", "/data"]
