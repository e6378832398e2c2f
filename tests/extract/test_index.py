from datetime import UTC, datetime
import pytest
from peewee import Database
from extract import index, search
from extract.models import *
from extract.shapes import *
NOW=datetime(2026,11,22,tzinfo=UTC)
def test_x(any_store: Database):
    o=Organisation.create(name='a',created_at=NOW); c=Chatbot.create(organisation=o,name='b',created_at=NOW)
    co=Connection.create(organisation=o,bot_id='x',workspace_id='w',created_at=NOW)
    s=Source.create(chatbot=c,connection=co,kind='page',notion_id='n',title='t',created_at=NOW)
    d=Document.create(chatbot=c,connection=co,notion_id='n',created_at=NOW)
    Membership.create(source=s,document=d)
    r=Reading(title='Hello world',text='x y',digest='1',properties=(Property('a','b','c'),),links=(),passages=(Passage('The quick brown fox jumps',('A','B'),'p1'),Passage('Second sync_engine 小猫吃鱼',(),'p2')))
    print(index.put(d.id,r,now=NOW), index.put(d.id,r,now=NOW))
    for q in ['fox','quick "brown fox"','小猫','猫','syncengine','where is the jumping?','"fox brown"', 'hel']:
        print(q,[(h.text,h.score,h.snippet) for h in search.find(c.id,q)])
    print(index.counts([s.id,99]))
    index.remove([d.id]); assert search.find(c.id,'fox')==[]
    index.put(d.id,r,now=NOW)
    index.drop([d.id]); assert search.find(c.id,'fox')==[]
