# SPDX-License-Identifier: Apache-2.0
"""How Sphinx builds the release notes."""

project = 'python-backupclient release notes'
copyright = 'The python-backupclient developers'
extensions = ['openstackdocstheme', 'reno.sphinxext']
html_theme = 'openstackdocs'
openstackdocs_repo_name = 'python-backupclient'
openstackdocs_auto_name = False
