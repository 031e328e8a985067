# Varnish as its tutorial has it: a backend, the built-in VCL and the default parameters (grace 10 s, default_ttl 120 s).
# Only the two headers that name the asker and say hit or miss are added.
#
# What follows from it (Varnish 7.1):
#   - waiters are woken by the response's head and get bytes while the object arrives;
#   - lifetimes come from Cache-Control in whole seconds; an answer of 0 s becomes hit-for-miss for 120 s, during which
#     requests for it are not collapsed at all;
#   - an answer without a lifetime is kept for 120 s when its status allows it, a 404 among them;
#   - for 10 s after its end an object, a 404 too, is served stale while one request refreshes it.

vcl 4.1;

backend origin {
    .host = "@UPSTREAM_HOST@";
    .port = "@UPSTREAM_PORT@";
}

sub vcl_backend_fetch {
    # Who asks, for the origin's books. The player's X-Request-Id goes through as every other request field does.
    set bereq.http.Live-Edge = {""@EDGE@";site="@SITE@""};
}

sub vcl_deliver {
    if (obj.hits > 0) {
        set resp.http.X-Cache = "HIT";
    } else {
        set resp.http.X-Cache = "MISS";
    }
}
