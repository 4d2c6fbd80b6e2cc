/// How the pages look, and the one thing that they do.
enum SiteStyle {
    static let sheet = """
        :root{color-scheme:light dark;--text:#1b1f24;--back:#fff;--line:#d0d7de;--dim:#57606a;--box:#f6f8fa;--link:#0a58ca}
        @media(prefers-color-scheme:dark){:root{--text:#e6edf3;--back:#0d1117;--line:#30363d;--dim:#8b949e;--box:#161b22;--link:#79b8ff}}
        body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:var(--text);background:var(--back)}
        a{color:var(--link)}code,pre{font:14px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
        pre{background:var(--box);padding:.6rem 1rem;overflow:auto;white-space:pre-wrap}
        table{border-collapse:collapse;width:100%}td,th{border:1px solid var(--line);padding:.3rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
        tr:target,article:target{outline:2px solid var(--link)}article{border-left:4px solid var(--line);padding:.1rem 1rem;margin:1rem 0}
        input{font:inherit;width:100%;padding:.4rem;box-sizing:border-box;color:inherit;background:var(--box);border:1px solid var(--line)}
        #list{display:flex;flex-direction:column;gap:.3rem}[hidden]{display:none!important}
        .dim{color:var(--dim)}.badge{border:1px solid var(--line);border-radius:1rem;padding:0 .6rem;font-size:.85rem}
        .critical,.error,.destructive{border-color:#c62828}.warning,.disruptive{border-color:#b26a00}.safe{border-color:#2e7d32}
        """

    /// Shows the playbooks that share half of the words, those that share the most first; long words count more.
    static let search = """
        const q=document.getElementById('q'),items=[...document.querySelectorAll('[data-words]')],none=document.getElementById('none');
        const sets=items.map(i=>i.dataset.words.split(' '));
        q.addEventListener('input',()=>{const w=[...new Set(q.value.toLowerCase().split(/[^\\p{L}\\p{N}]+/u).filter(x=>x.length>1))];
        const all=w.reduce((s,x)=>s+x.length,0);let shown=0;
        items.forEach((item,n)=>{const score=w.filter(x=>sets[n].some(y=>y.startsWith(x))).reduce((s,x)=>s+x.length,0);
        item.hidden=all>0&&score*2<all;if(!item.hidden)shown++;item.style.order=String(-score);});
        none.hidden=shown>0;});
        """

    /// Of exactly the script above, as a browser computes it: whatever else gets into a page does not run.
    static let searchDigest = "sha256-HqE7hR9QHCtEk5NYeAyh8UqOEZKGnJW/++Vf+Zw0QgE="
}
