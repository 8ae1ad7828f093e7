import asyncio, time, json, os, resource
from .conftest import stop, watched
from .receiver import receiving
from ..process.serving import lines
S="S3CRETabc123"
async def raw(url, data):
    host, port = url.removeprefix("http://").split(":")
    r, w = await asyncio.open_connection(host, int(port))
    w.write(data); await w.drain()
    try:
        async with asyncio.timeout(5): out = await r.read(300)
    except TimeoutError: out=b"TIMEOUT"
    w.close()
    return out.split(b"\r\n")[0]
def req(path=b"/api/v1/toys/hello/ada", method=b"GET", *headers):
    return method+b" "+path+b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+b"".join(h+b"\r\n" for h in headers)+b"\r\n"
T=b"0af7651916cd43dd8448eb211c80319c"
async def test_probe(tmp_path, postgres, database_name):
    out=open("/tmp/h21-probe3.txt","w"); log=tmp_path/"log"
    s=S.encode()
    async with receiving() as rec:
        async with watched(log, OTEL_EXPORTER_OTLP_ENDPOINT=rec.url, LOG_HEADERS="x-odd, tracestate, baggage, authorization", **{**postgres,"POSTGRES_DB":database_name}) as (p,url):
            for name, data in {
              "tp upper": req(b"/api/v1/toys/hello/1", b"GET", b"traceparent: 00-"+T.upper()+b"-b7ad6b7169203331-01"),
              "tp doubled": req(b"/api/v1/toys/hello/2", b"GET", b"traceparent: 00-"+T+b"-b7ad6b7169203331-01", b"traceparent: 00-"+T+b"-b7ad6b7169203332-01"),
              "tp ff": req(b"/api/v1/toys/hello/3", b"GET", b"traceparent: ff-"+T+b"-b7ad6b7169203331-01"),
              "tp later": req(b"/api/v1/toys/hello/4", b"GET", b"traceparent: 01-"+T+b"-b7ad6b7169203331-ff-"+b"x"*3000),
              "tp latin": req(b"/api/v1/toys/hello/5", b"GET", b"traceparent: 00-"+T+b"-b7ad6b7169203331-0\xe9"),
              "ts huge": req(b"/api/v1/toys/hello/6", b"GET", b"traceparent: 00-"+T+b"-b7ad6b7169203331-01", b"tracestate: "+b",".join(b"k%d="%i+b"v"*250 for i in range(32))),
              "ts many": req(b"/api/v1/toys/hello/7", b"GET", b"traceparent: 00-"+T+b"-b7ad6b7169203331-01", *[b"tracestate: k%d=\xff\x01"%i for i in range(90)]),
              "baggage": req(b"/api/v1/toys/hello/8", b"GET", b"baggage: token="+s),
              "secret path": req(b"/api/v1/toys/hello/password="+s+b"?token="+s+b"&q="+s),
              "jwt path": req(b"/api/v1/toys/hello/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0."+s+b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
              "path absolute": req(b"http://user:"+s+b"@evil/api/v1/toys/hello/x"),
              "path surrogate": req(b"/api/v1/toys/hello/%ED%A0%80%00%1b[31m%E2%80%AE"),
              "ua secret": req(b"/api/v1/toys/hello/9", b"GET", b"User-Agent: Bearer "+s, b"X-Odd: token="+s, b"Authorization: Bearer "+s, b"Cookie: session="+s),
              "ua huge": req(b"/api/v1/toys/hello/10", b"GET", b"User-Agent: "+b"u\xff"*8000),
              "method MKCOL": req(b"/api/v1/toys/hello/11", b"MKCOL"),
              "method odd": req(b"/api/v1/toys/hello/11", s),
              "method get": req(b"/api/v1/toys/hello/11", b"get"),
              "method long": req(b"/api/v1/toys/hello/11", b"M"*9000),
              "host": req(b"/api/v1/toys/hello/12", b"GET", b"X-Forwarded-Proto: "+s, b"X-Forwarded-Host: "+s, b"X-Forwarded-For: "+s, b"Forwarded: for="+s),
              "stmt": req(b"/api/v1/toys/statements/7"),
              "broken": req(b"/api/v1/toys/broken"),
              "boom": req(b"/api/v1/toys/boom"),
              "404": req(b"/"+s+b"/x"),
              "rid": req(b"/api/v1/toys/hello/13", b"GET", b"X-Request-ID: "+b"a"*4000),
              "ws": req(b"/api/v1/toys/hello/14", b"GET", b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"Sec-WebSocket-Version: 13"),
              "star": req(b"*", b"OPTIONS"),
              "connect": req(b"x:80", b"CONNECT"),
            }.items():
                n=len(rec.spans)
                print(name, await raw(url, data), file=out, flush=True)
            # leaves early
            for _ in range(3):
                h,pt=url.removeprefix("http://").split(":"); r,w=await asyncio.open_connection(h,int(pt)); w.write(req(b"/api/v1/toys/occupied")); await r.read(20); w.transport.abort()
            await asyncio.sleep(2)
            for sp in rec.spans: print(sp.service, sp.name, sp.parent_id, sp.is_failed, {k:(v[:60]+f"..{len(v)}" if isinstance(v,str) and len(v)>60 else v) for k,v in sp.attributes.items() if k not in("url.scheme","http.request.body.size","client.address")}, file=out)
            print("secret raw:", rec.raw.count(s), "planted", rec.raw.count(b"planted"), file=out)
            i=0
            seen=set()
            while (i:=rec.raw.find(s,i))>=0:
                c=rec.raw[max(0,i-60):i+30]
                if c not in seen: print("   ", c, file=out)
                seen.add(c); i+=1
            print({tuple(sorted(x.attributes.items())):x.value for x in rec.metrics["http.server.request.duration"]}, file=out)
            print([ (x.value,x.attributes) for x in rec.metrics["http.server.active_requests"]], file=out)
            await stop(p)
        for l in lines(log):
            if l["logger"]!="access" and l["level"]!="INFO": print(str(l)[:300], file=out)
        print("secret in log", log.read_text().count(S), file=out)
    out.close()
