# caught by: docs/visdom/line-updates.md::append
# caught by: docs/visdom/line-updates.md::replace-and-remove
import visdom

line = visdom.Visdom.line


def without_update(self, Y=None, X=None, win=None, env=None, opts=None, update=None, name=None):
    return line(self, Y, X, win=win, env=env, opts=opts, name=name)


visdom.Visdom.line = without_update
