# Varnish at its best for live segments, the honest rival. What an expert can reach with VCL alone:
#   - the exact lifetime in milliseconds, from CDN-Cache-Control: max-age=N, max-age-ms=M, for 404, 410 and 503 too;
#   - never hit-for-miss for public answers, so that collapsing is never turned off;
#   - no stale answers, one retry for everybody when the fill fails, and the failure shared for a moment.
# The price: what states no lifetime or 0 is shared for 20 ms all the same, which RFC 9111 does not allow.
# What VCL cannot say: hold or refuse by the segment's number, repeat the newest event notifications on older objects,
# choose one edge of a site that fills (without a director of one's own), resume a body that broke.

vcl 4.1;

import std;

backend origin {
    .host = "@UPSTREAM_HOST@";
    .port = "@UPSTREAM_PORT@";
    .connect_timeout = 1s;
    # The origin holds a request 3 s at most; what takes longer is lost, and players bear 5 s.
    .first_byte_timeout = 4s;
    .between_bytes_timeout = 2s;
}

sub vcl_recv {
    if (req.method != "GET" && req.method != "HEAD") {
        return (synth(405, "Method Not Allowed"));
    }
    # Nothing here depends on who asks; with these fields the built-in VCL would pass, uncollapsed.
    unset req.http.Cookie;
    unset req.http.Authorization;
    # Nor on how: a client's Cache-Control or Pragma is ignored by Varnish as shipped, and that is right here.
    return (hash);
}

sub vcl_backend_fetch {
    # Who asks, for the origin's books. The player's X-Request-Id goes through as every other request field does.
    set bereq.http.Live-Edge = {""@EDGE@";site="@SITE@""};
}

sub vcl_backend_response {
    # Stale copies are for what is not live; a late 404 or a replaced segment is worse than a wait.
    set beresp.grace = 0s;
    set beresp.keep = 0s;
    # As shipped, and stated because so much hangs on it: waiters get bytes while the object arrives.
    set beresp.do_stream = true;

    # The one kind of answer that nobody may share.
    if (beresp.http.Cache-Control ~ "(?i)private" || beresp.http.CDN-Cache-Control ~ "(?i)private") {
        return (pass(2s));
    }

    if (beresp.http.CDN-Cache-Control ~ "(?i)no-store|no-cache") {
        set beresp.ttl = 0s;
    } elseif (beresp.http.CDN-Cache-Control ~ "(^|[ ,])max-age-ms=[0-9]+") {
        set beresp.ttl = std.duration(
            regsub(beresp.http.CDN-Cache-Control, "^(?:.*[ ,])?max-age-ms=([0-9]+).*$", "\1") + "ms", 0s);
    } elseif (beresp.http.CDN-Cache-Control ~ "(^|[ ,])max-age=[0-9]+") {
        set beresp.ttl = std.duration(
            regsub(beresp.http.CDN-Cache-Control, "^(?:.*[ ,])?max-age=([0-9]+).*$", "\1") + "s", 0s);
    } elseif (beresp.status >= 400 && beresp.http.Cache-Control ~ "(^|[ ,])max-age=[0-9]+") {
        # As shipped a 503 is not kept, whatever it says.
        set beresp.ttl = std.duration(
            regsub(beresp.http.Cache-Control, "^(?:.*[ ,])?max-age=([0-9]+).*$", "\1") + "s", 0s);
    } elseif (beresp.status >= 400) {
        # As shipped a bare 404 lives for 120 s; nothing live may be missing that long.
        set beresp.ttl = 0s;
    }

    if (beresp.status >= 500 && beresp.ttl <= 0s && bereq.retries == 0) {
        return (retry);
    }
    # What states no lifetime, or none at all, is still shared with those who wait for this very answer, and with
    # those who come in the next moment: hit-for-miss would send each of them to the origin alone.
    if (beresp.ttl < 20ms) {
        set beresp.ttl = 20ms;
        if (beresp.status >= 500) {
            set beresp.ttl = 250ms;
        }
    }
    unset beresp.http.Set-Cookie;
    # Ends here: the built-in VCL would make hit-for-miss of Cache-Control: no-store.
    return (deliver);
}

sub vcl_backend_error {
    # No answer at all: once more for all who wait, then the failure is theirs together for 250 ms.
    if (bereq.retries == 0) {
        return (retry);
    }
    set beresp.ttl = 250ms;
    set beresp.grace = 0s;
    set beresp.http.Content-Type = "text/plain";
    synthetic("the origin did not answer");
    return (deliver);
}

sub vcl_hit {
    set req.http.Tidegate-Lookup = "hit";
}

sub vcl_miss {
    set req.http.Tidegate-Lookup = "fwd=miss";
}

sub vcl_pass {
    set req.http.Tidegate-Lookup = "fwd=bypass";
}

sub vcl_deliver {
    if (obj.hits > 0) {
        set resp.http.X-Cache = "HIT";
    } else {
        set resp.http.X-Cache = "MISS";
    }
    # RFC 9211; `ttl` counts whole seconds there.
    if (req.http.Tidegate-Lookup) {
        set resp.http.Cache-Status = "varnish; " + req.http.Tidegate-Lookup + "; ttl=" + std.integer(real=std.real(duration=obj.ttl));
    }
}
